package org.farshore.dataplane.runtime;

/**
 * What a Farshore process tells its caller when it ends. Numbers from 64 on follow {@code sysexits.h}. Service units do
 * not restart on {@link #USAGE}, {@link #INVARIANT}, {@link #PRIVILEGE} and {@link #CONFIGURATION}: nothing would change.
 */
public enum ExitCode {
    /** Done, or healthy. */
    OK(0, "done or healthy"),
    /** Done, and the answer is "no": verify found damage, doctor found something missing, the copy differs. */
    NO(1, "done, and the answer is no"),
    /** The command line was not understood. */
    USAGE(2, "usage"),
    /** A broken invariant: the data is safe, the service stops. */
    INVARIANT(70, "invariant broken"),
    /** A disk did not do what it was asked; the file concerned is not used again. */
    STORAGE(74, "storage I/O"),
    /** A peer cannot be reached or will not have us now; try later. */
    UNAVAILABLE(75, "try later, peer unreachable"),
    /** A privilege or a kernel feature is missing. */
    PRIVILEGE(77, "privilege or kernel feature missing"),
    /** The settings contradict themselves or the machine. */
    CONFIGURATION(78, "bad configuration");

    private final int code;
    private final String meaning;

    ExitCode(final int code, final String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    /** The number given to the operating system, 0 to 125. */
    public int code() {
        return code;
    }

    /** One short phrase for {@code --help}. */
    public String meaning() {
        return meaning;
    }
}
