/** What Photoshop loads. */
import { makeGuest } from "../guest/guest.js";
import { makePanel } from "../panel/panel.js";
import { makeLink } from "../wire/link.js";
import { makeHost, modules } from "./host_photoshop.js";
import { start } from "./starting.js";

const { ps, uxp } = modules();
start(ps, uxp, makeHost(ps, uxp), { makeGuest, makePanel, makeLink });
