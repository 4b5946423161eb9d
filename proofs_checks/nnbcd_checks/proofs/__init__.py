"""Machine-checked proofs about the scalar closed forms that the solver ships.

The solver's own functions (`nnbcd.scalar`, free of torch) are run on symbols; what comes out is
stated in SMT-LIB 2 and given to two solvers.  Nothing of the auditor imports this package.
"""
