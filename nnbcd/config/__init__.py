"""The TOML file of ``nnbcd train``: read, checked, frozen."""

from nnbcd.config.compression import CompressionConfig
from nnbcd.config.load import load_config, parse_config, with_data_dir
from nnbcd.config.models import (
    Config,
    DataConfig,
    LossConfig,
    NetworkConfig,
    RunConfig,
)
from nnbcd.config.penalties import PenaltiesConfig

__all__ = [
    "CompressionConfig",
    "Config",
    "DataConfig",
    "LossConfig",
    "NetworkConfig",
    "PenaltiesConfig",
    "RunConfig",
    "load_config",
    "parse_config",
    "with_data_dir",
]
