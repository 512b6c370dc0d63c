"""The columns that speak of the debtor: who it is and where it is reached."""

from __future__ import annotations

from agencies.kernel.errors import msg
from uploads.schemas.fields import Content, Field, FieldType, called
from uploads.schemas.wordings import shown

#: Who owes.
WHO = (
    Field(
        "debtor_ref",
        msg("Creditor's customer number"),
        max_length=60,
        help=msg("Your number of the person, if one person can have several debts."),
        example="C-88120",
        synonyms=called(
            "codigo cliente, id cliente, codigo socio, deudor id, client id, customer number, customer id, "
            "debtor id, member id, idcliente, numero cliente, codigo luna, indice, id deudor, customerid, "
            "memberkey, member key, person id, numero de cliente del acreedor"
        ),
    ),
    Field(
        "id_type",
        msg("Type of identity document"),
        max_length=20,
        is_code=True,
        content=Content.ID_TYPE,
        help=msg("CC, CE, NIT, TI or PA in Colombia; DNI, RUC, RUT, RFC, CURP elsewhere."),
        example="CC",
        synonyms=called(
            "tipo identificacion, tipo documento, tipo id, document type, tipo de documento, "
            "tipo de identificacion, vat type, clase documento, tipo de documento de identidad"
        ),
    ),
    Field(
        "national_id",
        msg("Identity number"),
        max_length=30,
        is_code=True,
        content=Content.ID_NUMBER,
        beside="id_check_digit",
        help=msg("The number of the identity document or the tax number; dots and dashes do not matter."),
        example="52123456",
        synonyms=called(
            "numero documento, documento, identificacion, numero identificacion, cedula, cc, nit, dni, ruc, "
            "rut, curp, rfc, ssn, tax id, numero de documento, numdoc, numerodocident, nrodocident, "
            "identificacion del sujeto, numero cedula, cedula ciudadania, run, cuit, cuil, cpf, cnpj, "
            "cpf cnpj, vat, ein, nationalid, customer ssn, borrowerssn, borrower ssn, documento identidad, "
            "id number, numero de identificacion"
        ),
    ),
    Field(
        "full_name",
        msg("Debtor's name"),
        help=msg("The whole name in one column, or leave it out and fill first names and last names."),
        example="Ana Pérez Gómez",
        synonyms=called(
            "nombre, nombre deudor, nombre cliente, nombre completo, titular, razon social, name, "
            "customer name, borrower name, debtor name, nombre del deudor, nombre del cliente, "
            "nombres y apellidos, apellidos y nombres, nombre titular, socio, asegurado, deudor, cliente, "
            "business name, company name"
        ),
    ),
    Field(
        "first_name",
        msg("First names"),
        help=msg("First names, if the name stands in two columns."),
        example="Ana",
        synonyms=called("nombres, primer nombre, firstname, given name"),
    ),
    Field(
        "last_name",
        msg("Last names"),
        help=msg("Last names, if the name stands in two columns."),
        example="Pérez Gómez",
        synonyms=called("apellidos, apellido, apellido paterno, primer apellido, lastname, surname"),
    ),
    Field(
        "person_type",
        msg("Person or company"),
        FieldType.CHOICE,
        choices=shown(
            "person_type",
            {
                "person": ("p", "natural", "persona natural", "fisica", "person", "individual"),
                "company": ("c", "juridica", "persona juridica", "moral", "company", "empresa"),
            },
        ),
        help=msg("Whether the debtor is a person or a company."),
        example="natural",
        synonyms=called("tipo persona, debtor type, tipo de persona, naturaleza, class of business, persona o empresa"),
    ),
    Field(
        "birth_date",
        msg("Date of birth"),
        FieldType.DATE,
        is_past=True,
        help=msg("Helps to tell people of one name apart."),
        example="1980-05-17",
        synonyms=called("fecha nacimiento, dob, fecha de nacimiento, nacimiento, birthdate"),
    ),
)

#: Where the debtor is reached.
WHERE = (
    Field(
        "region",
        msg("Region"),
        max_length=80,
        help=msg("Department, province or state where the debtor lives."),
        example="Cundinamarca",
        synonyms=called("departamento, regional, provincia, department, addr state, state, zona, borrstate"),
    ),
    Field(
        "city",
        msg("City"),
        max_length=80,
        help=msg("City or municipality where the debtor lives."),
        example="Bogotá",
        synonyms=called("ciudad, municipio, ciudad residencia, distrito, borrcity, town"),
    ),
    Field(
        "address",
        msg("Address"),
        content=Content.ADDRESS,
        beside="address_normal",
        help=msg("The postal address as you have it."),
        example="Cra 7 # 12-34",
        synonyms=called(
            "direccion, domicilio, street1, direccion residencia, direccion casa, calle, address 1, address1, "
            "street, street address"
        ),
    ),
    Field(
        "phone",
        msg("Phone"),
        max_length=40,
        content=Content.PHONE,
        beside="phone_e164",
        help=msg("The best telephone, with or without the country's prefix."),
        example="3001234567",
        synonyms=called(
            "telefono, celular, movil, telefono 1, phone1, cell phone, celular 1, telefono celular, "
            "telefono movil, numero celular, numero telefono, telefono contacto, telefono casa, phone 1, "
            "phone number, telephone, cellphone, mobile, mobile phone"
        ),
    ),
    Field(
        "phone_2",
        msg("Second phone"),
        max_length=40,
        content=Content.PHONE,
        beside="phone_2_e164",
        help=msg("Another telephone."),
        example="6012345678",
        synonyms=called(
            "telefono 2, fijo, telefono fijo, phone2, home phone, celular 2, telefono trabajo, "
            "telefono oficina, otro telefono, work phone, workphone, segundo telefono"
        ),
    ),
    Field(
        "email",
        msg("E-mail"),
        max_length=254,
        content=Content.EMAIL,
        help=msg("One e-mail address."),
        example="ana@example.com",
        synonyms=called("correo, correo electronico, mail, email 1, correo 1, email address"),
    ),
)
