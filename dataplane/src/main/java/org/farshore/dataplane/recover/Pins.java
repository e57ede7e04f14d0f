package org.farshore.dataplane.recover;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordInDoubtException;
import org.farshore.dataplane.runtime.StateLog;
import org.farshore.dataplane.volume.VolumeTable;

/** Points of one stream that are kept under a name, however old: each holds a lease. Follow thread. */
public final class Pins {
    private static final StateLog LOG = StateLog.of(Pins.class);

    private final PinFile file;
    private final ViewLeases leases;
    private final List<PinFile.Pin> pins;
    private final Map<String, ViewLeases.Lease> leaseByName = new HashMap<>();

    /**
     * Pins that an earlier life has kept; those whose point was lost with the end of the journal are given up for good, since
     * other records will come to lie there.
     *
     * @param journalEnd as this life has found it.
     * @throws FarshoreException STORAGE when the file is damaged: nobody knows what must be kept then.
     */
    Pins(final PinFile file, final ViewLeases leases, final long journalEnd) {
        this.file = file;
        this.leases = leases;
        this.pins = file.load();
        final List<PinFile.Pin> lost =
                pins.stream().filter(pin -> pin.position() > journalEnd).toList();
        if (!lost.isEmpty()) {
            LOG.warn(
                    "pins",
                    lost,
                    "state",
                    "lost",
                    "reason",
                    "the journal ends at " + journalEnd + ", before their points");
            pins.removeAll(lost);
            file.store(pins);
        }
        for (final PinFile.Pin pin : pins) {
            leaseByName.put(pin.name(), leases.hold(pin.position(), "pin " + pin.name()));
        }
    }

    /**
     * Keeps a point under a name: retire does not pass it. Durable on return.
     *
     * @return null when it is kept, else why it cannot be.
     */
    public String pin(final String name, final RecoveryPoint point) {
        if (!VolumeTable.isValidName(name)) {
            return "a pin's name has 1 to " + VolumeTable.NAME_LENGTH_MAX
                    + " letters, digits, dots, dashes and underscores";
        }
        if (pins.stream().anyMatch(pin -> pin.name().equals(name))) {
            return "there is a pin " + name + " already";
        }
        if (pins.size() == PinFile.PINS_MAX) {
            return "there are " + PinFile.PINS_MAX + " pins already";
        }
        final ViewLeases.Lease lease = leases.hold(point.heldPosition(), "pin " + name);
        if (lease == null) {
            return "point " + point.sequence() + " is below the floor and was withdrawn";
        }
        final List<PinFile.Pin> more = new ArrayList<>(pins);
        more.add(new PinFile.Pin(name, point.sequence(), point.position(), point.frameEntries(), point.wallTimeNs()));
        final String complaint = store(more);
        if (complaint != null) {
            lease.close();
            return complaint;
        }
        leaseByName.put(name, lease);
        return null;
    }

    /** Gives up a pin; returns null when that is durable, else why not. */
    public String unpin(final String name) {
        final List<PinFile.Pin> fewer = new ArrayList<>(pins);
        if (!fewer.removeIf(pin -> pin.name().equals(name))) {
            return "there is no pin " + name;
        }
        final String complaint = store(fewer);
        final ViewLeases.Lease lease = complaint == null ? leaseByName.remove(name) : null;
        if (lease != null) {
            lease.close();
        }
        return complaint;
    }

    private String store(final List<PinFile.Pin> changed) {
        try {
            file.store(changed);
        } catch (final FarshoreException | RecordInDoubtException e) {
            // In doubt: a pin too many after the next start, or one that was to go and has gone.
            return e.getMessage();
        }
        pins.clear();
        pins.addAll(changed);
        return null;
    }

    /** Sequences of the points that are kept, by name. */
    public Map<String, Long> sequences() {
        final Map<String, Long> list = new HashMap<>();
        pins.forEach(pin -> list.put(pin.name(), pin.sequence()));
        return list;
    }
}
