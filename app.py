"""The app's entry point, here and on a Space: `python app.py`, then http://127.0.0.1:7860."""

from demo_app import ports

ports.asked()  # or a sentence, before Gradio is loaded

from demo_app.shell import build  # noqa: E402

demo = build()

if __name__ == "__main__":
    demo.launch()
