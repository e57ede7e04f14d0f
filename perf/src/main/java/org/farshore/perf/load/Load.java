package org.farshore.perf.load;

/**
 * What the synthetic machine writes from now on.
 *
 * @param mix what the bytes are like.
 * @param bytesPerSecond of writes; 0 for none, {@link #UNLIMITED} for as many as the ring has room for.
 */
public record Load(PayloadMix mix, long bytesPerSecond) {
    /** As fast as the ring is emptied. */
    public static final long UNLIMITED = -1;

    /** No writes. */
    public static final Load NONE = new Load(PayloadMix.MIXED, 0);

    /** From the words after {@code load}: a mix and bytes per second. */
    static Load parse(final String text) {
        final String[] words = text.split(" ", -1);
        return new Load(PayloadMix.valueOf(words[0]), Long.parseLong(words[1]));
    }

    /** The command that asks for it. */
    public String command() {
        return "load " + mix + " " + bytesPerSecond;
    }
}
