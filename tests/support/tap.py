"""Results of a test program as TAP, which meson reads.

    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
    from tap import finish, told

    told(answer == 3, "the answer is three", answer)    # what was seen is shown if it is not
    skipped("the driver's volume", "cannot be mounted here")
    sys.exit(finish())
"""
count = failures = 0


def told(good, what, *seen):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {what}", flush=True)
    if not good:
        for each in seen:
            print("#", str(each).replace("\n", "\n# "), flush=True)


def skipped(what, why):
    """What cannot be tried here, visibly."""
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}", flush=True)


def finish():
    """Ends the list; whether anything failed, for the exit code."""
    print(f"1..{count}")
    return failures > 0
