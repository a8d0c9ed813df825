"""The guest in GIMP 3: `host` alone touches GIMP's images, `panel` is the window, `guest` decides."""
