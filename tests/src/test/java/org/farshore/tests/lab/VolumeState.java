package org.farshore.tests.lab;

/** Values of the counter {@code volume.state.code}. */
public final class VolumeState {
    public static final int INITIAL_COPY = 1;
    public static final int COMPARING = 2;
    public static final int RESYNC = 3;
    public static final int REPAIR = 4;
    public static final int ORDERED = 5;

    private VolumeState() {}
}
