package org.farshore.tests.lab;

/** The three roles of the data path, in the order in which a write meets them. */
public enum Role {
    AGENT("agent"),
    PROCESS_SERVER("process-server"),
    MASTER_TARGET("master-target");

    private final String verb;

    Role(final String verb) {
        this.verb = verb;
    }

    /** The launcher's word for it, also the name in its settings' keys. */
    public String verb() {
        return verb;
    }

    public String key(final String thing) {
        return "farshore." + verb + "." + thing;
    }
}
