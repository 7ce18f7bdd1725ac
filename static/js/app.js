// The one script of every page. Each module finds its own elements and does nothing where there are none.
import "./csrf.js";
