element.querySelector(".sentence").textContent = props.data.sentence;
element.querySelector("code").textContent = props.data.command;
window.zoo.translate(element);
