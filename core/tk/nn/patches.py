"""Cut images into patches and embed them (arXiv:2010.11929, eq. 1)."""

from torch import Tensor, nn

from tk.errors import InputError


class PatchEmbed(nn.Module):
    """A convolution whose stride is its kernel: ``(B, C, H, W)`` to ``(B, H/p * W/p, dim)``.

    Patches come row by row. The tensor name (``proj``) is that of most published models.
    """

    def __init__(self, patch: int, dim: int, *, channels: int = 3, bias: bool = True) -> None:
        super().__init__()
        self.patch = patch
        self.proj = nn.Conv2d(channels, dim, kernel_size=patch, stride=patch, bias=bias)

    def forward(self, image: Tensor) -> Tensor:
        """Embed.

        Raises:
            InputError: A side is no multiple of the patch.
        """
        height, width = image.shape[-2:]
        if height % self.patch or width % self.patch:
            raise InputError(
                f"an image of {height} x {width} cannot be cut into patches of {self.patch}; "
                "resize or pad it to multiples"
            )
        tokens: Tensor = self.proj(image)
        return tokens.flatten(2).transpose(1, 2)
