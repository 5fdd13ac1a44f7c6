"""What the model sees of a comment: hashed grams, named dense features, its language. `transformer` needs scikit-learn."""
