/**
 * The fence: what Photoshop's UXP documents, and the panel may use. Nothing else exists for tsc (tsconfig.json has no DOM
 * library), so whatever compiles runs there; all of it exists in browsers, too.
 */

interface UxpEvent {
  readonly target: UxpElement;
  readonly currentTarget: UxpElement;
  preventDefault(): void;
  stopPropagation(): void;
}
interface UxpKeyEvent extends UxpEvent {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing?: boolean;
}
interface UxpClassList {
  add(...names: string[]): void;
  remove(...names: string[]): void;
  toggle(name: string, force?: boolean): boolean;
  contains(name: string): boolean;
}
interface UxpElement {
  id: string;
  className: string;
  textContent: string | null;
  title: string;
  hidden: boolean;
  readonly style: Record<string, string> & { setProperty(name: string, value: string): void };
  readonly classList: UxpClassList;
  readonly children: ArrayLike<UxpElement>;
  readonly parentNode: UxpElement | null;
  readonly firstChild: UxpElement | null;
  readonly offsetWidth: number;
  readonly offsetHeight: number;
  appendChild(child: UxpElement): UxpElement;
  insertBefore(child: UxpElement, before: UxpElement | null): UxpElement;
  removeChild(child: UxpElement): UxpElement;
  remove(): void;
  contains(other: UxpElement | null): boolean;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  getAttribute(name: string): string | null;
  addEventListener(type: string, listener: (event: any) => void): void;
  removeEventListener(type: string, listener: (event: any) => void): void;
  focus(): void;
  blur(): void;
  click(): void;
}
/** `<button>`, `<input>`, `<textarea>`, `<select>`, `<option>`. */
interface UxpControl extends UxpElement {
  value: string;
  disabled: boolean;
  checked: boolean;
  type: string;
  min: string;
  max: string;
  step: string;
  placeholder: string;
  selected: boolean;
  selectedIndex: number;
  selectionStart: number;
  selectionEnd: number;
}
interface UxpPicture extends UxpElement {
  src: string;
  alt: string;
}
declare const document: {
  readonly body: UxpElement;
  readonly activeElement: UxpElement | null;
  createElement(name: "img"): UxpPicture;
  createElement(name: "button" | "input" | "textarea" | "select" | "option"): UxpControl;
  createElement(name: string): UxpElement;
  createTextNode(text: string): UxpElement;
  getElementById(id: string): UxpElement | null;
  querySelector(selector: string): UxpElement | null;
  addEventListener(type: string, listener: (event: any) => void): void;
};

interface WebSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly protocol: string;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: { data: any }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: string | ArrayBuffer | ArrayBufferView): void;
  close(code?: number, reason?: string): void;
}
declare const WebSocket: new (url: string, protocols?: string | string[]) => WebSocket;

declare function setTimeout(call: () => void, milliseconds?: number): number;
declare function clearTimeout(id: number | undefined): void;
declare function setInterval(call: () => void, milliseconds: number): number;
declare function clearInterval(id: number | undefined): void;
declare function requestAnimationFrame(call: (time: number) => void): number;
declare const console: { log(...what: unknown[]): void; warn(...what: unknown[]): void; error(...what: unknown[]): void };
declare const performance: { now(): number };
declare const crypto: { getRandomValues<T extends ArrayBufferView>(array: T): T };
declare const localStorage: {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
};
declare class Blob {
  constructor(parts: (ArrayBuffer | ArrayBufferView | string)[], options?: { type?: string });
}
declare const URL: { createObjectURL(blob: Blob): string; revokeObjectURL(url: string): void };
