/**
 * PNG, written value for value: a canvas would multiply the colours by their alpha and lose what they were. PNG
 * specification, third edition: https://www.w3.org/TR/png-3/
 */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
/** Rows that are filtered at once, so that a large picture needs little memory beside itself. */
const ROWS = 64;

/** The CRC-32 of ISO 3309, as PNG wants it. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/**
 * A picture as a PNG file, marked as sRGB.
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array | Uint8ClampedArray} pixels RGB or RGBA
 * @param {3 | 4} channels
 * @returns {Promise<Blob>}
 */
export async function png(width, height, pixels, channels) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = channels === 4 ? 6 : 2;
  const zipped = rows(width, height, pixels, channels).pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(zipped).arrayBuffer());
  const [intent, end] = [new Uint8Array(1), new Uint8Array(0)];
  const chunks = [chunk("IHDR", header), chunk("sRGB", intent), chunk("IDAT", data), chunk("IEND", end)];
  return new Blob([Uint8Array.from(SIGNATURE), ...chunks], { type: "image/png" });
}

/**
 * RGBA without its alpha.
 * @param {Uint8Array | Uint8ClampedArray} rgba
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function withoutAlpha(rgba) {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return rgb;
}

/** @param {string} type @param {Uint8Array} data @returns {Uint8Array<ArrayBuffer>} */
function chunk(type, data) {
  const whole = new Uint8Array(data.length + 12);
  const view = new DataView(whole.buffer);
  view.setUint32(0, data.length);
  for (let k = 0; k < 4; k++) whole[4 + k] = type.charCodeAt(k);
  whole.set(data, 8);
  let crc = 0xffffffff;
  for (let k = 4; k < data.length + 8; k++) crc = TABLE[(crc ^ whole[k]) & 255] ^ (crc >>> 8);
  view.setUint32(data.length + 8, ~crc);
  return whole;
}

/**
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array | Uint8ClampedArray} pixels
 * @param {number} channels
 * @returns {ReadableStream<Uint8Array<ArrayBuffer>>}
 */
function rows(width, height, pixels, channels) {
  let row = 0;
  return new ReadableStream({
    pull(controller) {
      const end = Math.min(height, row + ROWS);
      controller.enqueue(filtered(pixels, width * channels, channels, row, end));
      row = end;
      if (row === height) controller.close();
    },
  });
}

/**
 * Rows with the Paeth filter (9.4): each byte as its distance from the neighbour that predicts it best.
 * @param {Uint8Array | Uint8ClampedArray} pixels
 * @param {number} stride
 * @param {number} back bytes of a pixel
 * @param {number} start
 * @param {number} end
 */
function filtered(pixels, stride, back, start, end) {
  const out = new Uint8Array((end - start) * (stride + 1));
  let to = 0;
  for (let row = start; row < end; row++) {
    out[to++] = 4;
    const first = row * stride;
    for (let k = 0; k < stride; k++) {
      const at = first + k;
      const left = k >= back ? pixels[at - back] : 0;
      const up = row > 0 ? pixels[at - stride] : 0;
      const corner = k >= back && row > 0 ? pixels[at - stride - back] : 0;
      const byLeft = Math.abs(up - corner);
      const byUp = Math.abs(left - corner);
      const byCorner = Math.abs(left + up - corner - corner);
      out[to++] = pixels[at] - (byLeft <= byUp && byLeft <= byCorner ? left : byUp <= byCorner ? up : corner);
    }
  }
  return out;
}
