"""A real WordPress, its comment form and its wp-admin, against the real service. `.ci/wordpress.sh` fetches what it needs."""
