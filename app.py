"""The app's entry point, here and on a Space: `python app.py`, then http://127.0.0.1:7860."""

from demo_app.shell import build

demo = build()

if __name__ == "__main__":
    demo.launch()
