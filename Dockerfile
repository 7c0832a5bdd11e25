# The app on a processor, on PyTorch's CPU build: that of PyPI has several GB of CUDA with it.
FROM python:3.11-slim

RUN useradd --create-home zoo
WORKDIR /home/zoo/app

COPY requirements.txt ./
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt

COPY LICENSE app.py ./
COPY genzoo genzoo
COPY demo_app demo_app
COPY checkpoints checkpoints

USER zoo
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 PYTHONUNBUFFERED=1
EXPOSE 7860
CMD ["python", "app.py"]
