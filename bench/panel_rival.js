/*
 * How panels that speak to A1111's web API send a selection: a canvas is cut, made a PNG, made base64, put into JSON.
 * Each step is the browser's own and the fastest there is: no loop over pixels in JavaScript.
 */
const plate = document.createElement("canvas");

/** Have the picture at hand, as a panel has its document. */
window.load = async () => {
  const bitmap = await createImageBitmap(await (await fetch("picture.png")).blob());
  [plate.width, plate.height] = [bitmap.width, bitmap.height];
  plate.getContext("2d", { willReadFrequently: true, alpha: false }).drawImage(bitmap, 0, 0);
};

/** A canvas as a PNG in base64. */
async function packed(canvas) {
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const reader = new FileReader();
  await new Promise((done) => {
    reader.onload = done;
    reader.readAsDataURL(blob);
  });
  return reader.result;
}

/** A canvas of a size, drawn by `draw`. */
function drawn(width, height, draw) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  draw(canvas.getContext("2d", { willReadFrequently: true, alpha: false }));
  return canvas;
}

/** Send a box of the picture, with the selection in it as a mask. Milliseconds until the answer, and the bytes sent. */
window.trip = async ([x, y, width, height], [left, top, across, down]) => {
  const begun = performance.now();
  const cut = drawn(width, height, (ink) => ink.drawImage(plate, -x, -y));
  const mask = drawn(width, height, (ink) => {
    ink.fillStyle = "#fff";
    ink.fillRect(left - x, top - y, across, down);
  });
  const [init, marked] = await Promise.all([packed(cut), packed(mask)]);
  const body = JSON.stringify({ init_images: [init], mask: marked });
  await (await fetch("sdapi/v1/img2img", { method: "POST", body })).json();
  return { ms: performance.now() - begun, bytes: body.length };
};
