"""The job as a script, for spark-submit: ``spark-submit [OPTIONS] job.py run INPUT --output URI``."""

from pomona.spark._program import main

if __name__ == "__main__":
    main()
