/**
 * The fence: what Photoshop's UXP documents, and the panel may use. Nothing else exists for tsc (tsconfig.json has no
 * DOM library), so whatever compiles runs there; all of it exists in browsers, too, but for Photoshop's own modules.
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
  readonly offsetTop: number;
  scrollTop: number;
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
declare const console: Record<"log" | "warn" | "error", (...what: unknown[]) => void>;
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

/** Since Photoshop 24.4: uncompressed pixels as something that an `<img>` can show. */
interface ImageBlobOptions {
  type: "image/uncompressed";
  width: number;
  height: number;
  colorSpace: "RGB";
  colorProfile: string;
  pixelFormat: "RGB" | "RGBA";
  components: 3 | 4;
  componentSize: 8;
  hasAlpha: boolean;
}
declare const ImageBlob: new (pixels: ArrayBuffer | Uint8Array, options: ImageBlobOptions) => Blob;

// ---- require("photoshop"), as far as the panel uses it: ps-reference of the documentation, Photoshop 25.0 -----------

type PsTyped = Uint8Array | Uint16Array | Float32Array;
interface PsBounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
interface PsCorner {
  left: number;
  top: number;
}
/** An action descriptor. */
type PsAction = Record<string, any>;
interface PsImageData {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly componentSize: 8 | 16 | 32;
  getData(options: { chunky?: boolean; fullRange?: boolean }): Promise<PsTyped>;
  dispose(): void;
}
interface PsPixels {
  imageData: PsImageData;
  sourceBounds: PsBounds;
  level?: number;
}
interface PsImaging {
  getPixels(options: {
    documentID: number;
    layerID?: number;
    sourceBounds: PsBounds;
    colorSpace: string;
    colorProfile: string;
    componentSize?: 8;
  }): Promise<PsPixels>;
  putPixels(options: {
    documentID: number;
    layerID: number;
    imageData: PsImageData;
    replace: boolean;
    targetBounds: PsCorner;
    commandName: string;
  }): Promise<void>;
  getLayerMask(options: {
    documentID: number;
    layerID: number;
    kind: "user";
    sourceBounds: PsBounds;
  }): Promise<PsPixels>;
  putLayerMask(options: {
    documentID: number;
    layerID: number;
    kind: "user";
    imageData: PsImageData;
    replace: boolean;
    targetBounds: PsCorner;
    commandName: string;
  }): Promise<void>;
  getSelection(options: { documentID: number; sourceBounds: PsBounds }): Promise<PsPixels>;
  putSelection(options: {
    documentID: number;
    imageData: PsImageData;
    replace: boolean;
    targetBounds: PsCorner;
    commandName: string;
  }): Promise<void>;
  createImageDataFromBuffer(
    samples: PsTyped,
    options: {
      width: number;
      height: number;
      components: number;
      chunky: boolean;
      colorSpace: string;
      colorProfile: string;
      fullRange?: boolean;
    },
  ): Promise<PsImageData>;
}
type PsLayers = ArrayLike<PsLayer>;
interface PsLayer {
  readonly id: number;
  name: string;
  readonly kind: string;
  visible: boolean;
  opacity: number;
  blendMode: string;
  layerMaskDensity: number;
  vectorMaskDensity: number;
  readonly isBackgroundLayer: boolean;
  isClippingMask: boolean;
  readonly boundsNoEffects: PsBounds;
  readonly parent: PsLayer | null;
  readonly layers?: PsLayers;
  move(other: PsLayer, place: string): void | Promise<void>;
  delete(): void | Promise<void>;
}
interface PsDocument {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly mode: string;
  readonly bitsPerChannel: string;
  readonly quickMaskMode: boolean;
  readonly layers: PsLayers;
  readonly activeLayers: PsLayers;
  readonly backgroundLayer: PsLayer | null;
  readonly selection: { readonly bounds: PsBounds | null; readonly solid: boolean };
  readonly activeHistoryState: { readonly id: number };
  readonly historyStates: ArrayLike<{ readonly id: number }>;
  createPixelLayer(options: { name: string }): Promise<PsLayer>;
  createLayerGroup(options: { name: string; fromLayers: PsLayer[] }): Promise<PsLayer>;
  changeMode(mode: string): Promise<void>;
  closeWithoutSaving(): void | Promise<void>;
}
interface PsContext {
  readonly isCancelled: boolean;
  readonly hostControl: {
    suspendHistory(options: { documentID: number; name: string }): Promise<unknown>;
    resumeHistory(suspension: unknown, commit?: boolean): Promise<void>;
  };
}
interface Photoshop {
  readonly app: {
    activeDocument: PsDocument | null;
    readonly documents: ArrayLike<PsDocument>;
    createDocument(options: {
      name: string;
      width: number;
      height: number;
      resolution: number;
      mode: string;
      depth: 8 | 16 | 32;
      fill: string;
      profile?: string;
    }): Promise<PsDocument>;
  };
  readonly core: {
    executeAsModal(act: (context: PsContext) => Promise<void>, options: { commandName: string }): Promise<void>;
    showAlert(options: { message: string }): Promise<void>;
  };
  readonly action: {
    batchPlay(commands: PsAction[], options: { continueOnError?: boolean }): Promise<PsAction[]>;
    addNotificationListener(events: string[], hear: (event: string, descriptor: PsAction) => void): Promise<void>;
  };
  readonly imaging: PsImaging;
  readonly constants: Record<
    | "BitsPerChannelType"
    | "ChangeMode"
    | "DocumentFill"
    | "DocumentMode"
    | "ElementPlacement"
    | "LayerKind"
    | "NewDocumentMode"
    | "BlendMode",
    Record<string, string>
  >;
}

// ---- require("uxp"), as far as the panel uses it -------------------------------------------------------------------

interface UxpXmpMeta {
  setProperty(namespace: string, name: string, value: string): void;
  getProperty(namespace: string, name: string): { value: string } | undefined;
  serialize(): string;
}
interface Uxp {
  readonly host: { readonly name: string; readonly version: string };
  readonly versions: { readonly plugin: string };
  readonly storage: {
    readonly secureStorage: {
      getItem(name: string): Promise<Uint8Array>;
      setItem(name: string, value: string | Uint8Array): Promise<void>;
      removeItem(name: string): Promise<void>;
    };
  };
  readonly xmp: {
    readonly XMPMeta: {
      new (packet?: string): UxpXmpMeta;
      registerNamespace(namespace: string, prefix: string): string;
    };
  };
  readonly entrypoints: { setup(points: Record<string, any>): void };
}
declare module "photoshop" {
  const photoshop: Photoshop;
  export = photoshop;
}
declare module "uxp" {
  const uxp: Uxp;
  export = uxp;
}
