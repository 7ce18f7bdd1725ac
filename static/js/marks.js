// The few parts that scripts make themselves, in the markup of web/marks.py.

const sprite = document.querySelector("script[data-sprite]")?.dataset.sprite ?? "";
const SVG = "http://www.w3.org/2000/svg";

export function icon(name, css = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", css ? `icon ${css}` : "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

export function element(tag, css, ...children) {
  const made = document.createElement(tag);
  if (css) made.className = css;
  made.append(...children);
  return made;
}

export function clockTime(at = new Date()) {
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}
