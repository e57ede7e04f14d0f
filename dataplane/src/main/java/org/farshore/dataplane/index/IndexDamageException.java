package org.farshore.dataplane.index;

/**
 * A page of the version index is not what was written. Nothing was returned from it; the index rebuilds itself from the
 * journal, and the question may be asked again when it is ready.
 */
public final class IndexDamageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long pageId;

    IndexDamageException(final long id, final String message) {
        super(message);
        this.pageId = VersionIds.pageOf(id);
    }

    /** Where trust ends. */
    long pageId() {
        return pageId;
    }
}
