"""Which column of a model's output is which species."""

import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sentinel_common.species import CAT, DOG, OTHER_ANIMAL, PERSON, RACCOON, SPECIES

from .port import ModelError

# Names that other data sets give to what we call by another one: the animals of COCO and of camera
# traps, the people of Open Images, common misspellings, scientific names; 'animal' of MegaDetector.
# COCO's mouse is no animal.
_SYNONYMS = {
    synonym: species
    for species, synonyms in {
        RACCOON: 'racoon raccoons racoons northern_raccoon common_raccoon procyon procyon_lotor '
        'waschbär',
        CAT: 'cats kitten domestic_cat house_cat housecat feral_cat felis_catus '
        'felis_silvestris_catus',
        DOG: 'dogs puppy domestic_dog canis_familiaris canis_lupus_familiaris',
        PERSON: 'people persons human humans pedestrian pedestrians man men woman women child '
        'children boy boys girl girls kid kids baby toddler adult adults face human_body '
        'human_face human_head homo_sapiens',
        OTHER_ANIMAL: 'bird horse sheep cow elephant bear zebra giraffe animal fox red_fox '
        'opossum virginia_opossum possum skunk striped_skunk rabbit hare squirrel badger hedgehog '
        'deer coyote bobcat rodent rat',
    }.items()
    for synonym in synonyms.split()
}

# First label of a label map that stands for what is no object.
_NO_CLASS = ('???', 'background')

# Marks an output class that is none of our species.
IGNORED = -1


def species_of(label: str) -> str:
    """Return our species for a label of any data set, '' where it is none."""
    name = re.sub(r'[\s_-]+', '_', label.strip().lower())
    return name if name in SPECIES else _SYNONYMS.get(name, '')


def columns(labels: Sequence[str]) -> npt.NDArray[np.intp]:
    """Index into SPECIES for each label, IGNORED where it is none of ours."""
    names = [species_of(label) for label in labels]
    return np.array([SPECIES.index(n) if n else IGNORED for n in names], np.intp)


def without_background(labels: Sequence[str], classes: int | None) -> list[str]:
    """Return the labels of an SSD model without a first one that stands for no class.

    Many label maps have one, and it would shift every class. ``classes``: what the model itself
    says, where that is known.
    """
    spare = labels[0].lower() in _NO_CLASS and len(labels) != classes
    return list(labels[spare:])


def _lines(data: bytes, where: str) -> list[str]:
    try:
        # Editors of Windows put a mark before the first label.
        return [line.strip() for line in data.decode('utf-8-sig').splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise ModelError(f'The labels in {where} are no UTF-8 text.') from None


def read(model: Path, labels: Path | None = None) -> list[str]:
    """Return the labels of a model, in the order of its classes.

    From ``labels`` if given, else from ``<model>_labels.txt`` beside it, else from the metadata
    inside the model. Raises ModelError where there are none.
    """
    beside = model.with_name(f'{model.stem}_labels.txt')
    path = labels or (beside if beside.exists() else None)
    if path is not None:
        try:
            found = _lines(path.read_bytes(), str(path))
        except OSError as error:
            raise ModelError(f'The label file {path} cannot be read: {error.strerror}.') from None
        if not found:
            raise ModelError(f'The label file {path} is empty.', 'It takes one label per line.')
        return found
    cure = f'Put {beside.name} beside it, one label per line.'
    try:
        if zipfile.is_zipfile(model):
            with zipfile.ZipFile(model) as archive:
                texts = [name for name in archive.namelist() if name.endswith('.txt')]
                if texts:
                    return _lines(archive.read(texts[0]), f'{model} ({texts[0]})')
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        # RuntimeError: packed in a way that cannot be undone, or with a password.
        raise ModelError(
            f'The labels inside {model} are damaged: {str(error).rstrip(".")}.', cure
        ) from None
    raise ModelError(f'The model {model} has no labels.', cure)
