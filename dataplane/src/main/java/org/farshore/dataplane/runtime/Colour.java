package org.farshore.dataplane.runtime;

/** Colours of the terminal, or none. Immutable. */
public enum Colour {
    BOLD("1"),
    RED("31"),
    GREEN("32"),
    YELLOW("33"),
    FAINT("2");

    private final String code;

    Colour(final String code) {
        this.code = code;
    }

    /** {@code text} in this colour when {@code wanted}, else as it is. */
    public String paint(final boolean wanted, final String text) {
        return wanted ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
