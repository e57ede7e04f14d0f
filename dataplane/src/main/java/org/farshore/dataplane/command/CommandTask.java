package org.farshore.dataplane.command;

/**
 * A command under way. Stepped by the command thread until it has said {@link CommandReply#done}; a step may wait for a
 * disk but is bounded, so that other clients are served.
 *
 * <p>What it throws ends the command: a {@link org.farshore.dataplane.runtime.FarshoreException} with its exit code and
 * message, anything else as a broken invariant that the role reports and survives.
 */
@FunctionalInterface
public interface CommandTask {
    /** One bounded step; returns work done. */
    int step(CommandReply reply);

    /** The client has gone: no further step comes. What goes on by itself, such as a commit, may do so. */
    default void abandon() {}
}
