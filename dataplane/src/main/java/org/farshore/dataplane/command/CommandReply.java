package org.farshore.dataplane.command;

import org.farshore.dataplane.runtime.ExitCode;

/** Where a command's answer goes. Belongs to the thread that steps the command. */
public interface CommandReply {
    /** Offers one row; false when the client reads too slowly: offer it again in a later step. */
    boolean row(Cell... cells);

    /**
     * Says how far the work has come; what the client has no room for is left out.
     *
     * @param stage what is being done now.
     * @param done of {@code total} bytes; total 0 when not known yet.
     */
    void progressBytes(String stage, long done, long total);

    /** As {@link #progressBytes}, in things. */
    void progressCount(String stage, long done, long total);

    /**
     * Ends the answer; nothing may be offered behind it.
     *
     * @param message what went wrong and what to do; empty when nothing did.
     */
    void done(ExitCode exitCode, String message);
}
