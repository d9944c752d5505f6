from tensorflow.keras import backend as K


def focal(y_true, y_pred, gamma=2.0, alpha=0.25):
    """Focal loss of classes (Lin and others, 2017)."""
    p = K.clip(y_pred, K.epsilon(), 1.0 - K.epsilon())
    return -K.sum(alpha * K.pow(1 - p, gamma) * y_true * K.log(p), axis=-1)
