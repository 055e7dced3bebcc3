# exercise: softmax_jacobian_naive
# faults: jacobian-missing-diagonal
import numpy as np

def softmax_jacobian_naive(y):
    n = y.shape[0]
    J = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            # dy_i/dz_j, the matrix is symmetric
            J[i, j] = -y[i] * y[j]
            J[j, i] = J[i, j]
    return J
