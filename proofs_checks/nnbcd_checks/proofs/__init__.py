"""Machine-checked proofs about what the solver ships and about the theory it relies on.

- `by_solvers`: the scalar forms (`nnbcd.scalar`, free of torch) run on symbols; SMT, two solvers.
- `by_words`: the matrix updates run on words in matrix letters, for every size.
- `by_balls`: recorded steps without a closed form, enclosed by ball arithmetic and dual bounds.
- `by_kernel`: theorems for Coq's kernel.

`catalogue` holds the claims, `ledger` runs all and composes their standing.  Nothing of the
auditor imports this package.
"""
