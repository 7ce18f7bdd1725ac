// The one script of every page. Each module finds its own elements and does nothing where there are none;
// all listen on the document, so what htmx swaps in works without being told.
import "./csrf.js";
import "./faults.js";
import "./login.js";
import "./time.js";
import "./theme.js";
import "./toasts.js";
import "./menus.js";
import "./rows.js";
import "./order.js";
import "./keep.js";
import "./autosave.js";
import "./upload.js";
import "./select.js";
import "./mentions.js";
import "./palette.js";
import "./acts.js";
import "./keys.js";
import "./sheet.js";
import "./similar.js";
import "./presence.js";

document.documentElement.classList.add("has-js");
