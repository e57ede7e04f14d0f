package org.farshore.control.cli;

import java.util.Locale;

/**
 * The answer of one check of {@link Doctor}.
 *
 * @param name short name, stable for scripts.
 * @param status how it is.
 * @param finding what was found.
 * @param reason why it matters.
 * @param mend the exact command that mends it; empty when there is nothing to mend.
 */
record Check(String name, Status status, String finding, String reason, String mend) {
    /** How it is; only {@link #FAIL} makes a machine not ready. */
    enum Status {
        OK,
        WARN,
        FAIL,
        SKIP;

        /** As in JSON. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Check ok(final String name, final String finding) {
        return new Check(name, Status.OK, finding, "", "");
    }

    static Check warn(final String name, final String finding, final String reason, final String mend) {
        return new Check(name, Status.WARN, finding, reason, mend);
    }

    static Check fail(final String name, final String finding, final String reason, final String mend) {
        return new Check(name, Status.FAIL, finding, reason, mend);
    }

    static Check skip(final String name, final String finding, final String reason) {
        return new Check(name, Status.SKIP, finding, reason, "");
    }
}
