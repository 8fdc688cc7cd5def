"""A classifier's body alone: images to maps, fine to coarse, for detectors and segmenters."""

from collections.abc import Sequence

from torch import Tensor, nn

from tk.errors import UsageError


class FeaturePyramid(nn.Module):
    """Return the maps of a backbone instead of its classes; the head is dropped.

    Attributes:
        backbone: The model, its ``head`` an identity.
        strides: Pixels to a cell of each map.
        channels: Channels of each map.
    """

    def __init__(self, backbone: nn.Module, *, levels: Sequence[int] = ()) -> None:
        """Take the body of `backbone`, which is changed.

        Args:
            backbone: Has ``pyramid``, ``strides`` and ``widths``.
            levels: Which maps, by number from the finest, 0; all by default. Negative numbers
                count from the coarsest.

        Raises:
            UsageError: It has no pyramid, or not these maps.
        """
        super().__init__()
        if not callable(getattr(backbone, "pyramid", None)):
            raise UsageError(f"{type(backbone).__name__} has no maps: it is no vision backbone")
        strides, widths = list(backbone.strides), list(backbone.widths)  # type: ignore[arg-type]
        for level in levels:
            if not -len(strides) <= level < len(strides):
                raise UsageError(f"level {level} is none of 0 to {len(strides) - 1}")
        self.backbone = backbone
        if isinstance(getattr(backbone, "head", None), nn.Module):
            backbone.head = nn.Identity()
        self.levels = tuple(levels) or tuple(range(len(strides)))
        self.strides = [strides[level] for level in self.levels]
        self.channels = [widths[level] for level in self.levels]

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return maps ``(B, channels[i], H / strides[i], W / strides[i])``."""
        maps: list[Tensor] = self.backbone.pyramid(image)  # type: ignore[operator]
        return [maps[level] for level in self.levels]
