/** What a picture's values are, once the browser has decoded it: RGBA, straight alpha, sRGB. */

import { transparent } from "./composite.js";

/**
 * The values of a bitmap that was made with `premultiplyAlpha: "none"`; null where this browser has no room for it.
 * @param {ImageBitmap} bitmap
 * @returns {Uint8ClampedArray<ArrayBuffer> | null}
 */
export function valuesOf(bitmap) {
  const { width, height } = bitmap;
  const ink = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  if (!ink) return null;
  ink.drawImage(bitmap, 0, 0);
  const values = ink.getImageData(0, 0, width, height).data;
  return transparent(values) ? (exactly(bitmap) ?? values) : values;
}

/**
 * The same through a texture: a canvas multiplies colours by their alpha, and loses what they were where that is low.
 * Null where the browser draws nothing in three dimensions, or nothing as large.
 * @param {ImageBitmap} bitmap
 */
function exactly(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const values = new Uint8ClampedArray(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, values);
  const failed = gl.getError() !== gl.NO_ERROR;
  gl.getExtension("WEBGL_lose_context")?.loseContext(); // a browser has few, and collects them late
  return failed ? null : values;
}
