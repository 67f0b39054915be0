"""Pictures in and out.

The only place in which a file becomes pixels (`open_picture`, upright 8-bit RGB in sRGB) and pixels become a tensor
(`to_tensor`, in [-1, 1]) or the other way round (`to_pictures`), and that knows which files of a folder are pictures.
"""

from gpunit.images.clips import CLIP_SUFFIXES, MOST_SECONDS, Clip, ClipError, ClipWriter, open_clip
from gpunit.images.folders import (
    Survey,
    list_pictures,
    load_square,
    read_batches,
    read_squares,
    result_paths,
    result_stems,
    spread_pictures,
    survey_folder,
)
from gpunit.images.matrices import MOST_NAMED, MatrixPicture, draw_matrix
from gpunit.images.pixels import (
    CENTRE,
    Crop,
    cut,
    from_uint8,
    to_pictures,
    to_square,
    to_tensor,
    to_uint8,
)
from gpunit.images.reading import (
    FORMATS,
    MAX_BYTES,
    MAX_PIXELS,
    PictureError,
    is_shown_by_browsers,
    open_picture,
    picture_suffixes,
    require_picture,
    to_rgb,
)
from gpunit.images.sheets import CLEAR, GREY_INK, save_animation, sheet, side_by_side

__all__ = [
    "CENTRE",
    "CLEAR",
    "CLIP_SUFFIXES",
    "FORMATS",
    "GREY_INK",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MOST_NAMED",
    "MOST_SECONDS",
    "Clip",
    "ClipError",
    "ClipWriter",
    "Crop",
    "MatrixPicture",
    "PictureError",
    "Survey",
    "cut",
    "draw_matrix",
    "from_uint8",
    "is_shown_by_browsers",
    "list_pictures",
    "load_square",
    "open_clip",
    "open_picture",
    "picture_suffixes",
    "read_batches",
    "read_squares",
    "require_picture",
    "result_paths",
    "result_stems",
    "save_animation",
    "sheet",
    "side_by_side",
    "spread_pictures",
    "survey_folder",
    "to_pictures",
    "to_rgb",
    "to_square",
    "to_tensor",
    "to_uint8",
]
