from cnnbench.data.spec import DataSpec
from cnnbench.data.splits.feasibility import amount_errors


def spec(**keys):
    return DataSpec(source="any", **keys)


def check_amounts(*request):
    for error in amount_errors(*request):
        raise error
