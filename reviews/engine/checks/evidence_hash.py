"""Evidence files are what was uploaded: the stored bytes still have the hash taken from the upload."""

from reviews.engine.checks._declare import FAIL, PASS, UNKNOWN, Check, Outcome, count_words, listed
from reviews.engine.checks.inputs import StoredFile


def judge(evidence: tuple[StoredFile, ...]) -> Outcome:
    if not evidence:
        return Outcome(UNKNOWN, "", "No evidence is attached.")
    changed = [file.name for file in evidence if file.sha256_now not in (None, file.sha256)]
    unread = [file.name for file in evidence if file.sha256_now is None]
    good = len(evidence) - len(changed) - len(unread)
    number = f"{good} of {len(evidence)}"
    if changed:
        return Outcome(FAIL, number, f"Changed since the upload: {listed(changed)}.")
    if unread:
        return Outcome(UNKNOWN, number, f"Cannot be read: {listed(unread)}.")
    return Outcome(PASS, number, f"{count_words(good, 'file')} with the hash of the upload.")


CHECK = Check("evidence.hash", "Evidence files unchanged", ("evidence",), judge)
