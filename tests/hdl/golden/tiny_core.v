// core of tiny
module tiny_core (
    input wire clk,
    input wire [4:0] from_encoder,
    output wire [4:0] to_popcount
);
    wire x0_b2_r1 = from_encoder[0];
    wire x1_b1_r1 = from_encoder[1];
    wire x0_ge_1_r1 = from_encoder[2];
    wire x0_ge_6_r1 = from_encoder[3];
    wire x1_ge_3_r1 = from_encoder[4];

    // stage 1
    localparam [7:0] l0_n0_table = 8'h96;
    wire l0_n0 = l0_n0_table[{x1_ge_3_r1, x1_b1_r1, x0_ge_1_r1}];
    localparam [7:0] l0_n1_table = 8'he8;
    wire l0_n1 = l0_n1_table[{x1_b1_r1, x0_ge_6_r1, x0_b2_r1}];
    localparam [7:0] l0_n2_table = 8'h1b;
    wire l0_n2 = l0_n2_table[{x1_ge_3_r1, x0_b2_r1, x0_ge_1_r1}];
    localparam [7:0] l0_n3_table = 8'h7f;
    wire l0_n3 = l0_n3_table[{x1_ge_3_r1, x1_b1_r1, x0_ge_6_r1}];

    // registers in front of stage 2
    reg
        l0_n0_r2, l0_n1_r2, l0_n2_r2, l0_n3_r2;
    always @(posedge clk) begin
        l0_n0_r2 <= l0_n0;
        l0_n1_r2 <= l0_n1;
        l0_n2_r2 <= l0_n2;
        l0_n3_r2 <= l0_n3;
    end

    // stage 2
    wire l1_n0 = l0_n0_r2 & l0_n1_r2;
    wire l1_n1 = l0_n1_r2 ^ l0_n2_r2;
    wire l1_n2 = l0_n2_r2 | ~l0_n3_r2;
    wire l1_n3 = l0_n0_r2 | l0_n3_r2;
    wire l1_n4 = ~l0_n0_r2 & l0_n2_r2;

    // registers in front of stage 3
    reg
        l1_n0_r3, l1_n1_r3, l1_n2_r3, l1_n3_r3, l1_n4_r3;
    always @(posedge clk) begin
        l1_n0_r3 <= l1_n0;
        l1_n1_r3 <= l1_n1;
        l1_n2_r3 <= l1_n2;
        l1_n3_r3 <= l1_n3;
        l1_n4_r3 <= l1_n4;
    end

    assign to_popcount = {
        l1_n4_r3, l1_n3_r3, l1_n2_r3, l1_n1_r3, l1_n0_r3
    };
endmodule
