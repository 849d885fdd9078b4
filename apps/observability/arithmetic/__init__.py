"""PromQL above the clusters' answers: values in, values out, no network and no clock."""
