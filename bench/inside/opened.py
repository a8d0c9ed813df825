"""Press a key and wait for a window: prints the milliseconds. `opened.py KEY TITLE`, beside GIMP."""

import subprocess
import sys
import time

key, title = sys.argv[1:]
begun = time.perf_counter()
subprocess.run(["xdotool", "key", key], check=True)
look = ["xdotool", "search", "--onlyvisible", "--name", title]
while not subprocess.run(look, capture_output=True, check=False).stdout:
    time.sleep(0.002)
print((time.perf_counter() - begun) * 1000)
