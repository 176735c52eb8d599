"""Settings for every test, and for the kernels that nbval starts (they inherit them)."""

import os

os.environ["CNNLIB_PROGRESS"] = "off"  # bars would differ from the stored outputs
os.environ["CNNLIB_SLIDERS"] = "off"  # so would sliders
os.environ["OMP_NUM_THREADS"] = "1"  # two notebooks run side by side on two cores
