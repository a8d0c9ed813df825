/** The page's bundle begins here. */

import { version } from "../../package.json";
import { makeGuest } from "../guest/guest.js";
import { makePanel } from "../panel/panel.js";
import { makeLink } from "../wire/link.js";
import { openPage } from "./page.js";

openPage({ makeGuest, makePanel, makeLink, version });
