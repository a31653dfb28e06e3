"""Write every picture to `docs/pictures`."""

from deploy.pictures.writing import FOLDER, files

for name, drawn in files().items():
    (FOLDER / name).write_text(drawn, encoding="utf-8")
