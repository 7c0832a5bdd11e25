const zoo = window.zoo;
const handle = element.querySelector(".handle");
const about = element.closest(".zoo-about");
const part = zoo.part(props.data.tab + "-about", { open: false }, show);

handle.dataset.testid = props.data.tab + "-about";
handle.addEventListener("click", () => {
  part.set({ open: !part.get("open") });
  show();
});

function show() {
  handle.setAttribute("aria-expanded", part.get("open"));
  about.classList.toggle("zoo-open", part.get("open"));
}

zoo.translate(element);
show();
