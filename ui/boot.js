// Starts the WebAssembly program, and says so when it ends: after a panic nothing in the page answers any
// more, so the reader needs a way to go on.

const stored = () => {
  try {
    return localStorage.getItem("ocelli-theme");
  } catch {
    return null; // Storage may be forbidden.
  }
};

// Before the first paint, so that a dark page does not flash white. The program decides the same way.
const asked = new URLSearchParams(location.search).get("theme") ?? stored();
const dark = asked === "dark" || (asked !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset.theme = dark ? "dark" : "light";

function showEnd(message) {
  if (document.getElementById("end")) return;
  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };
  const end = element("div", "");
  end.id = "end";
  end.setAttribute("role", "alertdialog");
  end.setAttribute("aria-label", "The page stopped");
  const reload = element("button", "Reload");
  reload.addEventListener("click", () => location.reload());
  end.append(
    element("h1", "The page stopped"),
    element("p", "This is a fault in Ocelli's page, not in your data. The address holds what you were looking at, so a reload brings it back."),
    element("pre", message),
    reload,
  );
  document.body.append(end);
  reload.focus();
}

window.addEventListener("ocelli-panic", (event) => showEnd(String(event.detail)));

try {
  const program = await import("/assets/ocelli_ui.js");
  await program.default({ module_or_path: "/assets/ocelli_ui_bg.wasm" });
} catch (error) {
  showEnd(String(error));
}
