"""What can be read out of a foreign checkpoint without running any of it. Loads no torch.

A pickle is a program for a small stack machine. Here that machine is played through with values that do nothing
(``pickle_machine``), so no class or function of the file is ever imported or called. Tensors come out as places in the
file (``pickle_values.Stored``), are checked, and their bytes are copied into a safetensors file (``plain_tensors``).
"""
