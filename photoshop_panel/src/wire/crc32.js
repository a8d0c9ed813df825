const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  return sum;
});

/**
 * The checksum of zlib and PNG.
 *
 * @param {Uint8Array} bytes
 * @returns {number} 0 to 2³² − 1
 */
export function crc32(bytes) {
  let sum = -1;
  for (let at = 0; at < bytes.length; at++) sum = (sum >>> 8) ^ TABLE[(sum ^ bytes[at]) & 0xff];
  return ~sum >>> 0;
}
