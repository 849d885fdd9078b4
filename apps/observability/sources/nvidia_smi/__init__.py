"""What nvidia-smi prints, read strictly: a value that is not there as it should be is no value."""
