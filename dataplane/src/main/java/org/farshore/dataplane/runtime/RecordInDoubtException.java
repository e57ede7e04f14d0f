package org.farshore.dataplane.runtime;

import java.nio.file.Path;

/**
 * The disk refused while a record took the place of the one before, and nobody knows which of the two the next start will
 * find. To go on with either would be a promise that the other breaks; so the role ends, and the next start reads what is
 * there.
 */
public final class RecordInDoubtException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RecordInDoubtException(final Path path, final Exception cause) {
        super(path + " is the old record or the new one, only a start can tell: " + cause.getMessage(), cause);
    }
}
