from types import SimpleNamespace
def facts(cls):
    return getattr(cls, "facts", SimpleNamespace(source="TODO", ties=("a",) if cls.kind!="identity" else (), unique=cls.kind=="identity", closed_form=True, targets="any"))
